[ (true || false && false) (!true || true) (true && false || true) (1 == 1 && 2 == 2) (false -> false -> false) (!(1 == 2)) (1 + 1 == 2) (1 < 2 == true) ]
