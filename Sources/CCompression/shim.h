// zlib, libbzip2 and liblzma; what they offer as macros, as functions.
#pragma once
#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

// Begins to inflate a gzip stream.
static inline int firn_gzip_init(z_stream *stream) { return inflateInit2(stream, MAX_WBITS + 16); }
