# differs from 2.8.0: the newest says where each function was called. The argument fails where it is used.
let
  use = a: b: if b then a + 1 else 0;
  call = x: use (x - 1) true;
in call "text"
