using AnalogTorch.Cells;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Extension;

public sealed record ForeignInstantTransfer : TransferTiming
{
    public override double Reading(long lines) => 0;

    public override double Writing(long lines, int tries) => 0;

    public override double Correcting(long lines, int pulses) => 0;
}

public sealed record ForeignAtInterval : TransferTrigger
{
    public override long Interval => Schedule.Never;

    public override bool IsCrowded(Tensor values, Tensor min, Tensor max) => false;
}
