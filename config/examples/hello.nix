# The smallest job: an attribute set with a greeting.
let
  greet = name: "Hello, ${name}!";
in
{
  greeting = greet "farm";
  count = builtins.stringLength (greet "farm");
}
