builtins.typeOf (/a + ("b" + "c"))
