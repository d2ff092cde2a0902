using AnalogTorch.Examples;
using AnalogTorch.Examples.Benchmarks;
using AnalogTorch.Examples.Convert;
using AnalogTorch.Examples.Convnet;
using AnalogTorch.Examples.Drift;
using AnalogTorch.Examples.Mnist;

return args switch
{
    [TrainingProcess.Argument, var kind] => TrainingProcess.Serve(kind),
    [MemoryProcess.Argument] => MemoryProcess.Serve(),
    _ => new ExampleProgram([new MnistExample(), new ConvnetExample(), new ConvertExample(), new DriftExample(), new BenchmarkExample()]).Run(args),
};
