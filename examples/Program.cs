using AnalogTorch.Examples;
using AnalogTorch.Examples.Mnist;

return new ExampleProgram([new MnistExample()]).Run(args);
