# The right operand is coerced as in an interpolation.
"a" + { outPath = "b"; }
