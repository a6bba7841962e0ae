/* a */ let /* b */ a /* c */ = /* d */ 1 /* e */ ; # f
in /* g */ { /* h */ inherit /* i */ a /* j */ ; } # k
