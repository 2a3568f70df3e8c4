/*
 * area.h - where a location lies, as CAP has it: around its shelters.
 *
 * Nobody draws borders for us.  The shelters' positions tell: a polygon that
 * runs two kilometres outside of all of them, or a circle where the polygon
 * would not do.  What an alert said stays as it was said: publishing keeps it.
 *
 * Key: hash alert:ID:areas, LOC -> "polygon 46.7,23.5 …" or "circle 46.7,23.5 3.1".
 */
#ifndef MUSTER_AREA_H
#define MUSTER_AREA_H

#include "alert.h"

/* As positions are now: "polygon …", "circle …", or empty where none is known. */
struct str area_draw(struct db *, struct arena *, struct str location);

/* W.  Keeps the areas of an alert that goes out. */
enum err area_keep(struct db *, struct arena *, const struct alert *);

/* What was kept for a location of it, or how it would be drawn now. */
struct str area_of(struct db *, struct arena *, const struct alert *, struct str location);

#endif
