{
  computed = 1 + 1;
  number = 2;
  negative = -2;
  string = "s";
  path = /p;
  list = [ (1 + 1) ];
  function = x: x;
  nested = { a = 1; };
  emptySet = { };
  builtin = map;
  selected = builtins.nixVersion;
}
