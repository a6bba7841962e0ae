# line
1 /* block
 * more */ + /**/ 2 # end