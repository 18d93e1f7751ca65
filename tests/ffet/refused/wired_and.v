module wired_and(input a, b, output y); wand y; assign y = a; assign y = b; endmodule
