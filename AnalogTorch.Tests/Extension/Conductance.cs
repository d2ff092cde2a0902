using AnalogTorch.Conductance;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Extension;

public sealed record ForeignReRamCmo : MemoryStatistics
{
    private static readonly MemoryStatistics Own = new ReRamCmo();

    public override (double Min, double Max) Range => Own.Range;

    public override Tensor Program(Tensor targets, Rng rng) => Own.Program(targets, rng);

    public override Tensor DrawFate(Tensor targets, Rng rng) => Own.DrawFate(targets, rng);

    public override Tensor Age(Tensor programmed, Tensor fate, double time) => Own.Age(programmed, fate, time);

    public override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time) => Own.ReadDeviation(programmed, aged, time);

    public override Moments ConductanceMoments(double target, double time) => Own.ConductanceMoments(target, time);

    public override double ReadNoise(double target, double time) => Own.ReadNoise(target, time);
}

public sealed record ForeignPcm90nm : PcmStatistics
{
    private static readonly Pcm90nm Own = new();

    public override Tensor ProgrammingDeviation(Tensor share) => Own.ProgrammingDeviation(share);

    public override Tensor MeanExponent(Tensor share) => Own.MeanExponent(share);

    public override Tensor ExponentDeviation(Tensor share) => Own.ExponentDeviation(share);

    public override Tensor ReadNoiseStrength(Tensor share) => Own.ReadNoiseStrength(share);

    public override PcmCurves CurvesAt(double share) => Own.CurvesAt(share);
}

public sealed record ForeignGaussianMemory : StableMemory
{
    private static readonly GaussianMemory Own = new();

    public override (double Min, double Max) Range => Own.Range;

    public override Tensor Program(Tensor targets, Rng rng) => Own.Program(targets, rng);

    public override Moments Programmed(double target) => Own.Programmed(target);
}

public sealed record ForeignIdealWriter : ConductanceWriter
{
    private static readonly IdealWriter Own = new();

    public override double Residue => Own.Residue;

    public override int MostTries => Own.MostTries;

    public override double Expected(double target) => Own.Expected(target);

    public override (Tensor Conductances, long Pulses) Write(Tensor targets, Rng rng) => Own.Write(targets, rng);
}

public sealed record ForeignTwoPairs : WeightMap
{
    private static readonly TwoPairs Own = new();

    public override IReadOnlyList<double> Significances => Own.Significances;

    public override double DevicesPerWeight(long outputs) => Own.DevicesPerWeight(outputs);

    public override double Span((double Min, double Max) range) => Own.Span(range);

    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range) => Own.Targets(weights, range);
}

public sealed record ForeignFourPhaseProgramming : ProgrammingScheme
{
    private static readonly FourPhaseProgramming Own = new();

    public override (double Min, double Max) Range(MemoryStatistics memory) => Own.Range(memory);

    public override ProgrammedDevices Program(ProgrammingTask task) => Own.Program(task);

    public override Tensor Goal(ProgrammingTask task, ProgrammedDevices devices) => Own.Goal(task, devices);

    public override void CheckFit(WeightMap map, MemoryStatistics memory) => Own.CheckFit(map, memory);
}

/// <summary>Writes devices once, as the library's own scheme of that kind does.</summary>
public sealed record ForeignOneShotProgramming : DeviceWiseProgramming
{
    protected override (Tensor Conductances, long Pulses) Write(ProgrammingTask task, int place, Tensor target) =>
        (ProgrammingTask.Hold(task.Memory.Program(target, task.StreamOf(place)), task.Stuck(place, target.shape)), target.NumberOfElements);
}

public sealed record ForeignMeanAnticipation : Anticipation
{
    public override Func<Tensor, Tensor> For(ProgrammingTrial trial, (double Min, double Max) range, Device device) =>
        new MeanAnticipation().For(trial, range, device);
}

public sealed record ForeignStuckDevices : Defects
{
    public override Tensor? Draw(long[] shape, (double Min, double Max) range, Rng rng, Device device) =>
        new StuckDevices().Draw(shape, range, rng, device);
}

public sealed record ForeignGlobalCompensation : DriftCompensation
{
    public override Tensor? Factors(ReferenceReads reads) => new GlobalCompensation().Factors(reads);
}

public sealed record ForeignPlusMinusOrder : PhaseOrder
{
    private static readonly PlusMinusOrder Own = new();

    public override int MostDevices => Own.MostDevices;

    public override (int IfPositive, int IfNegative) Devices(int phase, int devices) => Own.Devices(phase, devices);

    public override string NameOf(int phase, int devices) => Own.NameOf(phase, devices);
}
