using System.Diagnostics;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The memory of one layer, after it was trained a few steps or asked for a few outputs.</summary>
internal sealed record MemoryTask
{
    /// <summary>A layer with torch's own weights and gradients.</summary>
    public const string Digital = "digital";

    /// <summary>A layer that is not trained any more.</summary>
    public const string Inference = "inference";

    private const int Batch = 16, Steps = 2, WarmUpSide = 64;
    private const double Rate = 0.01, Gradient = 1e-4;

    /// <summary>What the layer is made of.</summary>
    public string Hardware { get; init; } = Digital;

    /// <summary>Number of inputs and of outputs.</summary>
    public int Side { get; init; }

    /// <summary>Seed of all numbers.</summary>
    public long Seed { get; init; }

    /// <summary>Threads of torch.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Weighs the layer; meant for a process that does nothing else.</summary>
    public MemoryUse Run()
    {
        set_num_threads(Threads);
        Weigh(this with { Side = WarmUpSide }); // so that code and tables of the libraries are there before
        var before = ProcessMemory.Now();
        return Weigh(this, before);
    }

    private static MemoryUse Weigh(MemoryTask task, long before = 0)
    {
        using var scope = NewDisposeScope();
        using var model = Linear(task.Side, task.Side);
        using var optimizer = task.Prepare(model);
        var clock = Stopwatch.StartNew();
        for (var step = 0; step < Steps; step++)
        {
            clock.Restart();
            task.Step(model, optimizer);
        }
        var seconds = clock.Elapsed.TotalSeconds;
        var weights = (long)task.Side * task.Side;
        return new((double)Tensors(model) / weights, (double)(ProcessMemory.Now() - before) / weights, (double)(ProcessMemory.Peak() - before) / weights, seconds);
    }

    private Optimizer Prepare(Linear model)
    {
        if (Hardware == Inference)
        {
            HardwareAware.ConvertForInference(model, Seed);
            model.eval();
        }
        else if (Hardware != Digital)
        {
            model.ToAnalog(BenchmarkHardware.ByName[Hardware], Seed);
        }
        return Hardware is Digital or Inference ? SGD(model.parameters(), Rate) : new AnalogSGD(model.parameters(), Rate);
    }

    private void Step(Linear model, Optimizer optimizer)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)Seed);
        var x = rand(Batch, Side, generator: generator);
        if (Hardware == Inference)
        {
            using var noGrad = no_grad();
            model.call(x);
            return;
        }
        optimizer.zero_grad();
        model.call(x.requires_grad_(true)).backward([rand(Batch, Side, generator: generator).sub_(0.5f).mul_((float)Gradient)]);
        optimizer.step();
    }

    /// <summary>Bytes of all parameters, gradients and buffers.</summary>
    private static long Tensors(Linear model)
    {
        var bytes = model.state_dict().Values.DistinctBy(tensor => tensor.Handle).Sum(tensor => tensor.NumberOfElements * tensor.ElementSize);
        foreach (var parameter in model.parameters())
        {
            using var gradient = parameter.grad;
            bytes += gradient is null ? 0 : gradient.NumberOfElements * gradient.ElementSize;
        }
        return bytes;
    }
}

/// <summary>What a layer takes.</summary>
/// <param name="BytesPerWeight">Sum over its tensors: parameters, gradients, buffers.</param>
/// <param name="ProcessBytesPerWeight">What the process has grown by, in memory that is really there.</param>
/// <param name="PeakBytesPerWeight">The same at its largest, which was while the layer was made or trained.</param>
/// <param name="StepSeconds">Time of the last step.</param>
internal sealed record MemoryUse(double BytesPerWeight, double ProcessBytesPerWeight, double PeakBytesPerWeight, double StepSeconds);
