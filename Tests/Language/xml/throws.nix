builtins.toXML { a = throw "no"; }
