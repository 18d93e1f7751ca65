module names(input clk, input [1:0] a, input a_1, input n5, input u0, input \odd.name , output reg [1:0] q, output reg q_1, output \for );
assign \for = \odd.name & a_1;
always @(posedge clk) begin q <= a + {n5, u0}; q_1 <= q[1] ^ a_1; end
endmodule
