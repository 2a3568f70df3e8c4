<?xml version="1.0" encoding="UTF-8"?>
<!-- atom.xsl - the feed of alerts as a page; markup of docs/pages.md -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
	xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2" xmlns:atom="http://www.w3.org/2005/Atom"
	exclude-result-prefixes="cap atom">
<xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>
<xsl:template name="instant">
<xsl:param name="at"/>
<xsl:value-of select="concat(substring($at, 1, 10), ' ', substring($at, 12, 5), ' UTC')"/>
</xsl:template>
<xsl:template match="/atom:feed">
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width,initial-scale=1"/>
<title><xsl:value-of select="atom:title"/> – muster</title>
<link rel="stylesheet" href="/style.css"/>
<link rel="icon" href="/favicon.svg"/>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div>
<a class="brand" href="/"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" aria-hidden="true"><path d="M2 11l10-8 10 8M6 20v-2M12 20v-5M18 20v-2"/></svg>muster</a>
<a class="sos" href="tel:112">Call <b>112</b></a>
</div></header>
<main id="main" tabindex="-1">
<h1><xsl:value-of select="atom:title"/></h1>
<p class="hint">This is a feed: put its address into a feed reader, and new alerts appear there.</p>
<xsl:if test="not(atom:entry)"><p class="box">No alert is in force.</p></xsl:if>
<xsl:if test="atom:entry">
<ol class="plain rows box">
<xsl:for-each select="atom:entry">
<li>
<p><b><a href="{atom:link[@type = 'text/html']/@href}"><xsl:value-of select="atom:title"/></a></b></p>
<p><xsl:value-of select="atom:summary"/></p>
<p class="hint"><xsl:value-of select="concat(cap:severity, ' · ')"/><xsl:for-each select="cap:areaDesc"><xsl:value-of select="."/> · </xsl:for-each>sent <xsl:call-template name="instant"><xsl:with-param name="at" select="atom:updated"/></xsl:call-template>, until <xsl:call-template name="instant"><xsl:with-param name="at" select="cap:expires"/></xsl:call-template></p>
<p class="links"><a href="{atom:link[@type = 'application/cap+xml']/@href}">CAP message <span class="hide">of <xsl:value-of select="atom:title"/></span></a></p>
</li>
</xsl:for-each>
</ol>
</xsl:if>
</main>
<footer class="foot">
<a href="/">Find a shelter</a><xsl:text> </xsl:text><a href="/alerts">Alerts</a>
<p>In danger now? Call <a href="tel:112">112</a>.</p>
</footer>
</body>
</html>
</xsl:template>
</xsl:stylesheet>
