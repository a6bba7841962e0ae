let s = "b"; in [ (/a + "/b") (/a + "b") (/a + /b) (/a + "/../c") (./x + "/y" == ./x/y) (builtins.typeOf (/a + "b")) (builtins.typeOf ("a" + "b")) ]
