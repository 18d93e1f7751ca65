module traffic(input clk, input rst, input car, output reg [2:0] main_road, side_road);
reg [1:0] state; reg [2:0] timer;
always @(posedge clk) if (rst) begin state <= 0; timer <= 0; end else begin timer <= timer + 1;
case (state) 0: if (car && timer[2]) begin state <= 1; timer <= 0; end 1: if (timer == 2) begin state <= 2; timer <= 0; end
2: if (timer == 5) begin state <= 3; timer <= 0; end 3: if (timer == 2) begin state <= 0; timer <= 0; end endcase end
always @* begin main_road = 3'b100; side_road = 3'b100; case (state) 0: main_road = 3'b001; 1: main_road = 3'b010; 2: side_road = 3'b001; 3: side_road = 3'b010; endcase end
endmodule
