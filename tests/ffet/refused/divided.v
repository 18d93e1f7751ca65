module divided(input clk, input d, output reg q); reg half; always @(posedge clk) half <= ~half; always @(posedge half) q <= d; endmodule
