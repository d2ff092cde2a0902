using System.Runtime.CompilerServices;
using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Extension;

public sealed record ForeignPowerResponse : ResponseFunction
{
    public override void Accept(IPulseStepVisitor visitor, float noise, PulseDraw draw) => Steps(visitor, new Power(0.5f), noise, draw);

    public override double Share(double left) => Math.Sqrt(left);

    private readonly struct Power(float exponent) : IResponse
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Share<T>(T left) where T : struct, ILane<T> => T.Exp(exponent * T.Log(T.Max(left, 1e-30f)));
    }
}

public sealed record ForeignProportionalRate : FastRate
{
    public override double Memory => 0;

    public override double Of(double rate, double weightStep, double largestInput, double largestError) => rate;
}

public sealed record ForeignRegularChopper : Chopper
{
    private static readonly RegularChopper Own = new();

    public override double Period => Own.Period;

    public override bool FlipsAfter(long read, Rng rng) => Own.FlipsAfter(read, rng);
}

public sealed record ForeignBidirectionalSynapse : Synapse
{
    private static readonly BidirectionalSynapse Own = new();

    public override PulsedDevice Element => Own.Element;

    public override bool IsPair => Own.IsPair;

    public override Reference Against => Own.Against;

    public override PairRefresh Saturating => Own.Saturating;
}

public sealed record ForeignTikiTaka : TransferCell
{
    private static readonly TikiTaka Own = new();

    public override Reference Against => Own.Against;

    public override CellArray Build(Rng rng, Tensor weights) => Whole.Build(rng, weights);

    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => Whole.Witness(elements, place);

    private TikiTaka Whole => Own with { ValuePerWeight = ValuePerWeight, Defects = Defects };
}
