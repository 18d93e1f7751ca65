// A 16-bit multiplier and 40-bit accumulator: a small block for tests and for compiling the kernels.
module mac16 (
    input clk,
    input reset,
    input [15:0] a,
    input [15:0] b,
    output reg [39:0] sum
);
    reg [15:0] x, y;
    reg [31:0] product;
    always @(posedge clk) begin
        x <= a;
        y <= b;
        product <= x * y;
        sum <= reset ? 40'd0 : sum + {{8{product[31]}}, product};
    end
endmodule
