using AnalogTorch.Examples;
using AnalogTorch.Examples.Benchmarks;
using AnalogTorch.Examples.Convert;
using AnalogTorch.Examples.Mnist;

return args switch
{
    [TrainingProcess.Argument] => TrainingProcess.Serve(),
    [MemoryProcess.Argument] => MemoryProcess.Serve(),
    _ => new ExampleProgram([new MnistExample(), new ConvertExample(), new BenchmarkExample()]).Run(args),
};
