# Runs of digits and of other bytes; dots and dashes separate.
map builtins.splitVersion [ "1.2.3" "1.2pre3" "" "-" "..1--2.." "a" "2021-05-01" "1a2b" "1_0" "ä1" "v1.0-rc.2" "1.2.3+git" ]
