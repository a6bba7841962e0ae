# __toString may return anything that is coerced in its turn; it goes before outPath.
let s = { __toString = self: { outPath = "inner"; }; outPath = "no"; }; in "${s}"
