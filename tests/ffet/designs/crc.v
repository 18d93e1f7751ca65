module crc(input clk, input rst, input [7:0] data, input valid, output reg [15:0] crc);
reg [15:0] c; integer i;
always @* begin c = crc; for (i = 7; i >= 0; i = i - 1) c = {c[14:0], 1'b0} ^ ((c[15] ^ data[i]) ? 16'h1021 : 16'h0); end
always @(posedge clk) if (rst) crc <= 16'hffff; else if (valid) crc <= c;
endmodule
