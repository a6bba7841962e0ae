[ /a /a/b /a/./b /a/../b /a/b/.. ./x ../x ./. ../. ./a/../b a/b ./a.b-c_d+e ]
