# Sizes and names decide first.
[ ([ (throw "a") ] == [ ]) ({ a = throw "a"; } == { b = throw "b"; }) ({ a = throw "a"; } == { }) ([ 1 (throw "a") ] == [ 2 (throw "b") ]) ]
