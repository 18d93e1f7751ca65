module arbiter(input clk, input rst, input [5:0] want, output reg [5:0] grant);
reg [2:0] last; wire [11:0] twice = {want, want} >> last; integer i; reg [2:0] pick;
always @* begin pick = 0; for (i = 5; i >= 0; i = i - 1) if (twice[i]) pick = i; end
wire [3:0] at = last + pick; wire [2:0] who = at >= 6 ? at - 6 : at;
always @(posedge clk) if (rst) begin last <= 0; grant <= 0; end
else begin grant <= |want ? 6'd1 << who : 0; if (|want) last <= who == 5 ? 0 : who + 1; end
endmodule
