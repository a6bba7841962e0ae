# differs from 2.8.0: the newest Nix looks at replacements when they are needed
# The first pattern that fits; an empty one also at the end; replacements only when needed.
let r = builtins.replaceStrings; in [
  (r [ "oo" "a" ] [ "a" "i" ] "foobar") (r [ "" ] [ "-" ] "abc") (r [ "" "a" ] [ "-" "x" ] "abc") (r [ "a" "" ] [ "x" "-" ] "abc")
  (r [ "ab" "a" ] [ "1" "2" ] "abaab") (r [ "a" "ab" ] [ "1" "2" ] "abaab") (r [ ] [ ] "abc") (r [ "b" ] [ (throw "no") ] "aaa")
  (r [ "a" ] [ "" ] "aaa") (r [ "a" ] [ "aa" ] "aaa") (r [ "" ] [ "x" ] "") (r [ "x" ] [ "y" ] "") (r [ "ä" ] [ "ae" ] "ää")
  (r [ "\n" "\"" ] [ "\\n" "\\\"" ] "a\n\"b\"") (r [ "aaa" ] [ "b" ] "aaaaa") (builtins.tryEval (r [ "a" ] [ (throw "yes") ] "a"))
  (builtins.stringLength (r [ "a" ] [ "bcdefghijklmnopqrstuvwxyz" ] (builtins.concatStringsSep "" (builtins.genList (i: "ax") 5000))))
]
