[ a/b ./c ../d /e/f ~/g h/i.j-k_l+m ]
