# What a bracket expression holds.
let
  bytes = "\t\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~äß";
  members = pattern: builtins.concatStringsSep "" (map builtins.head (builtins.filter builtins.isList (builtins.split "(${pattern})" bytes)));
in map (pattern: { inherit pattern; members = members pattern; }) [
  "[abc]" "[^abc]" "[a-f]" "[]]" "[^]]" "[]a]" "[^]a]" "[a-]" "[-a]" "[--/]" "[^-]" "[a^]" "[[]" "[[a]" "[\\]" "[\\a]"
  "[+--]" "[a-c-]" "[a-cx-z]" "[.]" "[*+?]" "[()|]" "[{}]" "[$^]" "[^^]"
  "[[:alpha:]]" "[[:digit:]]" "[[:alnum:]]" "[[:upper:]]" "[[:lower:]]" "[[:space:]]" "[[:blank:]]" "[[:punct:]]"
  "[[:print:]]" "[[:graph:]]" "[[:cntrl:]]" "[[:xdigit:]]" "[[:w:]]" "[[:d:]]" "[[:s:]]" "[[:ALPHA:]]" "[^[:alnum:]]"
  "[[:digit:][:space:]x]" "[[:digit:]a-c-]" "[[=a=]]" "[[=a=]b]" "[[.a.]]" "[[.hyphen.]]"
  "[[.left-square-bracket.]]" "[[.a.]-c]" "[[.DEL.]]" "[[.zero.]-9]" "[[.period.]]" "[[.tilde.]]" "[[.underscore.]]"
  "[ä]" "." "\\." "\\*" "\\[" "\\\\" "\\(" "\\^" "\\$" "\\{" "\\|" "\\?" "\\+" "\\)" "]" "}" "[ß-ä]"
]
