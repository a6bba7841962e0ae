# `split`: the longest match at the first place, then on from its end; an empty match never follows one at its place.
let s = builtins.split; in [
  (s "(a)b" "abc") (s "([ac])" "abc") (s "(a)|(c)" "abc") (s "([[:upper:]]+)" " FOO ") (s "" "abc") (s "" "") (s "a" "")
  (s "x" "abc") (s "," "a,b,,c,") (s "(,)" ",") (s "a*" "baac") (s "a*|b" "baac") (s "(a?|)(ab)?" "ab") (s "a*(ab)?" "aab")
  (s "a|ab" "abab") (s "ab|a" "abab") (s "(a|ab)(c|bcd)?" "abcd") (s "(a*)(ab)*" "aabab") (s "(a|b)*" "abcab") (s "^a" "aaa")
  (s "^" "aaa") (s "$" "aaa") (s "a$" "aaa") (s "^a|b$" "aabb") (s "(^)|a" "aa") (s "x*" "axb") (s "(x*)" "axxb") (s "\n" "a\nb\n")
  (s " +" "  a  b ") (s "[^a-z]+" "ab1cd 2ef") (s "(b|)(c|)" "abcab") (s "(((a)))" "bab") (s "a(b)?" "aab") (s "(a)(b)?" "ab")
  (s "ä" "xäyä") (s "." "ä") (s "\\." "1.2.3") (s "(-)|(_)" "a-b_c") (s "a{2}" "aaaaa") (s "(a{1,2})" "aaaaa") (s "(aa|aaa)+" "aaaaaaa")
  (s "(a|aa)(a|b)*c?" "aabac") (s "(|a|aa)(b|)" "aab")
]
