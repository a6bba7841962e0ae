# line
/* block /* is not nested */ [ 1 # to the end
 /**/ 2 /* * ** / */ 3 /***/ ]
