let s = { a ? s.b, b ? s.a }: a; x = (s: { a = s.b; b = s.a; }) x; in x.a
