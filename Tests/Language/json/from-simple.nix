map builtins.fromJSON [ "1" "-1" "1.5" "1e3" "true" "null" "[]" "{}" "\"s\"" "[1,[2,{\"a\":null}]]" " { \"a\" : 1 , \"b\" : [ ] } " ]
