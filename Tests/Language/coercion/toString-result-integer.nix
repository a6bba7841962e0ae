# What __toString returns is coerced as toString coerces: here also an integer.
toString { __toString = s: 1; }
