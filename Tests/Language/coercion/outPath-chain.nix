toString { outPath = { __toString = self: { outPath = "end"; }; }; }
