builtins.sort builtins.lessThan [ "b" "a" "B" "" "ab" "aa" "é" "z" ]
