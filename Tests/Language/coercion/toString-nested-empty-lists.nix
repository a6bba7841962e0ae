# A space stands between the elements of a list, but not after an empty list.
[ (toString [ [ ] 1 ]) (toString [ 1 [ ] 2 ]) (toString [ "" "" ]) (toString [ [ [ ] ] [ ] ]) (toString [ "a" [ "b" "c" ] "d" ]) ]
