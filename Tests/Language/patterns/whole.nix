# `match` is of the whole text, and gives the groups of the first path that reaches its end.
let m = builtins.match; in [
  (m "ab" "abc") (m "abc" "abc") (m "a(b)(c)" "abc") (m "" "") (m "" "a") (m "()" "") (m "(a)|b" "b") (m "(a)|(b)" "b")
  (m "(a*)*" "") (m "(a*)*" "aa") (m "(a*)+" "b") (m "(a|b*)*" "ab") (m "((|a)*b?)*" "a") (m "(a|ab)(c|bcd)(d*)" "abcd")
  (m "(ab|a)(bcd|c)(d*)" "abcd") (m "(.*)(.*)" "abc") (m "(.*)-(.*)" "a-b-c") (m "([^-]*)-(.*)" "a-b-c")
  (m "(a+)(a+)" "aaaa") (m "(a?)(a?)(a?)" "aa") (m "((a)|b)*" "ab") (m "((a)|(b))*" "ab") (m "(x(y)?)*" "xyx")
  (m "(^a)" "a") (m "^(a)$" "a") (m "a^b" "ab") (m "a$b" "ab") (m "(^|x)a" "a") (m "(^|x)a" "xa") (m "a($|x)" "a")
  (m "^^a$$" "a") (m "^$" "") (m "$^" "") (m "(^$)*" "") (m "a|" "") (m "|a" "a") (m "a||b" "") (m "(|a)+" "aaa")
  (m "[[:space:]]+([[:upper:]]+)[[:space:]]+" "  FOO   ") (m "(.)*" "xyz") (m ".*" "line\nline") (m "(ä)" "ä") (m "ä." "äöü")
  (m "([0-9]+)\\.([0-9]+)(\\.([0-9]+))?(-(.*))?" "1.22-pre3") (m "([0-9]+)\\.([0-9]+)(\\.([0-9]+))?(-(.*))?" "1.22.3")
  (m "(([a-z]+)://)?([^/]*)(/.*)?" "http://example.org/x/y") (m "(([a-z]+)://)?([^/]*)(/.*)?" "example.org")
]
