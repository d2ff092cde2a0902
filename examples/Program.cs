using AnalogTorch.Examples;

return new ExampleProgram([]).Run(args);
