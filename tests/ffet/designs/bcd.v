module bcd(input [7:0] binary, output reg [3:0] hundreds, tens, ones);
integer i;
always @* begin {hundreds, tens, ones} = 0;
for (i = 7; i >= 0; i = i - 1) begin
if (hundreds >= 5) hundreds = hundreds + 3; if (tens >= 5) tens = tens + 3; if (ones >= 5) ones = ones + 3;
{hundreds, tens, ones} = {hundreds[2:0], tens, ones, binary[i]}; end end
endmodule
