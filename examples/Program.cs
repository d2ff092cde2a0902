using AnalogTorch.Examples;
using AnalogTorch.Examples.Mnist;

return args is [TrainingProcess.Argument] ? TrainingProcess.Serve() : new ExampleProgram([new MnistExample()]).Run(args);
