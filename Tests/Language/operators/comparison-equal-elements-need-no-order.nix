# Equal elements are skipped by equality, also such as have no order.
[ ([ { } 1 ] < [ { } 2 ]) ([ null 1 ] < [ null 2 ]) ([ true "a" ] < [ true "b" ]) ]
