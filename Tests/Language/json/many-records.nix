# Records of one shape, of another, with keys repeated and escaped; what is read is written again alike.
let
  text = ''[{"b":1,"a":"x\u0041\n"},{"b":2,"a":""},{"a":3,"b":-9223372036854775808},{"a":1,"a":2},{"\u0061":5},{},[],[{}],25e-2,-0,12345678901234567,0.5,true,false,null,"\ud83d\ude00"]'';
  value = builtins.fromJSON text;
in
[ value (builtins.toJSON value) (builtins.fromJSON (builtins.toJSON value) == value) (builtins.toJSON { "k\n\t\"\\" = "\b\f"; z = [ 10 100 999 1000 (-1) 0 9223372036854775807 ]; }) ]
