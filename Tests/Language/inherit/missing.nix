({ inherit ({ }) a; }).a
