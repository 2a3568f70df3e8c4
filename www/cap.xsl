<?xml version="1.0" encoding="UTF-8"?>
<!-- cap.xsl - a CAP 1.2 message as a page; markup of docs/pages.md -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
	xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2" xmlns:atom="http://www.w3.org/2005/Atom"
	exclude-result-prefixes="cap atom">
<xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>
<xsl:template name="instant">
<xsl:param name="at"/>
<xsl:value-of select="concat(substring($at, 1, 10), ' ', substring($at, 12, 5), ' UTC')"/>
</xsl:template>
<!-- each line a paragraph -->
<xsl:template name="lines">
<xsl:param name="text"/>
<xsl:if test="$text != ''">
<p><xsl:value-of select="substring-before(concat($text, '&#10;'), '&#10;')"/></p>
<xsl:call-template name="lines"><xsl:with-param name="text" select="substring-after($text, '&#10;')"/></xsl:call-template>
</xsl:if>
</xsl:template>
<xsl:template match="/cap:alert">
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width,initial-scale=1"/>
<title><xsl:value-of select="cap:info[1]/cap:headline"/> – muster</title>
<link rel="stylesheet" href="/style.css"/>
<link rel="icon" href="/favicon.svg"/>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div>
<a class="brand" href="/"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" aria-hidden="true"><path d="M2 11l10-8 10 8M6 20v-2M12 20v-5M18 20v-2"/></svg>muster</a>
<a class="sos" href="tel:112">Call <b>112</b></a>
</div></header>
<xsl:if test="cap:status = 'Exercise'"><section class="exercise" aria-label="Exercise"><p>Exercise. This is practice, not a real emergency.</p></section></xsl:if>
<main id="main" tabindex="-1">
<xsl:if test="cap:msgType = 'Cancel'"><p class="lead">Taken back: this is not so any more.</p></xsl:if>
<xsl:apply-templates select="cap:info"/>
<section class="box" aria-labelledby="message">
<h2 id="message">This message</h2>
<dl class="facts">
<dt>Sent</dt><dd><xsl:call-template name="instant"><xsl:with-param name="at" select="cap:sent"/></xsl:call-template></dd>
<dt>Kind</dt><dd><xsl:value-of select="cap:msgType"/>, <xsl:value-of select="cap:status"/></dd>
<dt>Sender</dt><dd><xsl:value-of select="cap:sender"/></dd>
<dt>Name</dt><dd class="id"><xsl:value-of select="cap:identifier"/></dd>
</dl>
<p class="hint">This is the machine-readable form of an alert (CAP 1.2).</p>
</section>
</main>
<footer class="foot">
<a href="/">Find a shelter</a><xsl:text> </xsl:text><a href="/alerts">Alerts</a>
<p>In danger now? Call <a href="tel:112">112</a>.</p>
</footer>
</body>
</html>
</xsl:template>
<xsl:template match="cap:info">
<section class="box" lang="{cap:language}">
<xsl:choose>
<xsl:when test="position() = 1"><h1><xsl:value-of select="cap:headline"/></h1></xsl:when>
<xsl:otherwise><h2><xsl:value-of select="cap:headline"/></h2></xsl:otherwise>
</xsl:choose>
<xsl:call-template name="lines"><xsl:with-param name="text" select="cap:description"/></xsl:call-template>
<xsl:if test="cap:instruction != cap:description"><xsl:call-template name="lines"><xsl:with-param name="text" select="cap:instruction"/></xsl:call-template></xsl:if>
<div lang="en">
<dl class="facts">
<dt>What</dt><dd><xsl:value-of select="cap:event"/></dd>
<dt>How grave</dt><dd><xsl:value-of select="concat(cap:severity, ', ', cap:urgency, ', ', cap:certainty)"/></dd>
<dt>Where</dt><dd><xsl:for-each select="cap:area"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="cap:areaDesc"/></xsl:for-each></dd>
<dt>Until</dt><dd><xsl:call-template name="instant"><xsl:with-param name="at" select="cap:expires"/></xsl:call-template></dd>
<dt>From</dt><dd><xsl:value-of select="cap:senderName"/></dd>
</dl>
<xsl:if test="starts-with(cap:web, 'http')"><p class="links"><a href="{cap:web}">The alert&#8217;s page <span class="hide">(<xsl:value-of select="cap:language"/>)</span></a></p></xsl:if>
</div>
</section>
</xsl:template>
</xsl:stylesheet>
