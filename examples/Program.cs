using AnalogTorch.Examples;

// To add an example: one class derived from Example, and one line here.
return new ExampleProgram([]).Run(args);
