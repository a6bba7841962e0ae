a.b."c".${d}."e${f}".or or g.h
