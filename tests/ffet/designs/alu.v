module alu(input clk, input [2:0] op, input [7:0] a, b, output reg [7:0] y, output reg zero);
reg [7:0] r;
always @* case (op) 0: r = a + b; 1: r = a - b; 2: r = a & b; 3: r = a | b; 4: r = a ^ b; 5: r = a << b[2:0]; 6: r = $signed(a) >>> b[2:0]; default: r = {7'd0, a < b}; endcase
always @(posedge clk) begin y <= r; zero <= r == 0; end
endmodule
