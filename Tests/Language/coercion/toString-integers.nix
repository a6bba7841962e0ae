# The shortest and the longest integers, alone, in lists and in strings.
let
  smallest = -9223372036854775807 - 1;
  numbers = [ 0 7 (-7) 10 (-10) 99 100 1152921504606846976 (-1152921504606846977) 9223372036854775807 smallest ];
in
[ (map toString numbers) (toString numbers) "${toString smallest}:${toString (smallest + 1)}" (builtins.stringLength (toString smallest)) ]
